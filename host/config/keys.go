package config

import "slices"

// Key describes one key for a reader.
type Key struct {
	// Name is the whole name, with dots: "server.listen".
	Name string
	// Type says what a value is.
	Type string
	// Default is the value that holds where none is given, as TOML writes it; "" where there is none.
	Default string
	// Doc says what the key means, on one line.
	Doc string
	// Env is the variable that sets the key; "" for the keys of a manifest.
	Env string
}

// Keys returns the keys of the configuration, in the order in which they are best read.
func Keys() []Key { return configTable().keys() }

// ManifestKeys returns the keys of an app's manifest.
func ManifestKeys() []Key { return manifestTable().keys() }

// mountKey is the one key of a manifest that [defaults] does not take.
const mountKey = "mount"

// configTable returns the table of the configuration. The names here are the only ones: file, environment, flags and
// documentation are all read from this table.
func configTable() table {
	t := slices.Concat(serverSettings(), appsSettings(), logSettings())
	for _, s := range appSettings() {
		if s.Name != mountKey {
			s.Name = "defaults." + s.Name
			t = append(t, s)
		}
	}
	for i := range t {
		t[i].Env = envName(t[i].Name)
	}
	return t
}

// manifestTable returns the table of a manifest, whose values go to Config.Defaults.
func manifestTable() table { return appSettings() }

func serverSettings() table {
	return table{
		newSetting("server.listen", "where to listen; port 0 is any free one", address,
			func(c *Config) *string { return &c.Server.Listen }),
		newSetting("server.read_header_timeout", "how long a client may take to send a request's headers", durationFrom(minimum),
			func(c *Config) *duration { return &c.Server.ReadHeaderTimeout }),
		newSetting("server.idle_timeout", "how long a connection may wait for its next request", durationFrom(minimum),
			func(c *Config) *duration { return &c.Server.IdleTimeout }),
		newSetting("server.max_header_bytes", "bound of a request's line and headers", sizeBetween(1<<10, 16<<20),
			func(c *Config) *int64 { return &c.Server.MaxHeaderBytes }),
		newSetting("server.shutdown_timeout", "how long running requests may take after the signal to stop; 0 cuts them off", durationFrom(0),
			func(c *Config) *duration { return &c.Server.ShutdownTimeout }),
	}
}

func appsSettings() table {
	return table{
		newSetting("apps.dir", "the folder of apps", path.with(notEmpty),
			func(c *Config) *string { return &c.Apps.Dir }),
		newSetting("apps.watch", "whether changes in the folder are taken up while serving", boolean,
			func(c *Config) *bool { return &c.Apps.Watch }),
		newSetting("apps.settle", "how long a file must have been still before it is loaded", durationBetween(minimum, maxSettle),
			func(c *Config) *duration { return &c.Apps.Settle }),
		newSetting("apps.cache", "the folder of compiled modules; empty is the user's cache folder", path,
			func(c *Config) *string { return &c.Apps.Cache }),
	}
}

func logSettings() table {
	return table{
		newSetting("log.level", "the least severe level that is logged", choice("debug", "info", "warn", "error"),
			func(c *Config) *string { return &c.Log.Level }),
		newSetting("log.format", "empty is text on a terminal and json elsewhere", choice("", "text", "json"),
			func(c *Config) *string { return &c.Log.Format }),
		newSetting("log.access", "whether each request is logged", boolean,
			func(c *Config) *bool { return &c.Log.Access }),
	}
}

func appSettings() table {
	return table{
		newSetting(mountKey, "the path the app answers under, instead of the one its file name says", mountPath,
			func(c *Config) *string { return &c.Defaults.Mount }),
		newSetting("hosts", "the host names the app answers for; none is every host", hostList,
			func(c *Config) *[]string { return &c.Defaults.Hosts }),
		newSetting("timeout", "from the request's arrival to the first byte of the response's body", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.Timeout }),
		newSetting("write_timeout", "how long a block of a body may make no progress", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.WriteTimeout }),
		newSetting("max_duration", "bound of the whole exchange; 0 is none", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.MaxDuration }),
		newSetting("memory", "cap of one instance's memory, rounded down to pages of 64KiB", sizeBetween(page, maxMemory).with(wholePages),
			func(c *Config) *int64 { return &c.Defaults.Memory }),
		newSetting("max_body", "cap of a request's body", sizeBetween(1, maxSize),
			func(c *Config) *int64 { return &c.Defaults.MaxBody }),
		newSetting("instances.min", "instances that are kept ready", integerBetween(0, maxInstances),
			func(c *Config) *int { return &c.Defaults.Instances.Min }),
		newSetting("instances.max", "instances that may run at once; an open stream holds one", integerBetween(1, maxInstances),
			func(c *Config) *int { return &c.Defaults.Instances.Max }),
		newSetting("queue_timeout", "how long a request waits for an instance, be it one that is being made", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.QueueTimeout }),
		newSetting("isolation", "what one request may see of another", choice("request", "instance", "fresh"),
			func(c *Config) *string { return &c.Defaults.Isolation }),
		newSetting("env", "the environment granted to the guest; a manifest's list replaces the defaults'", envList,
			func(c *Config) *[]string { return &c.Defaults.Env }),
		newSetting("enabled", "whether the app is served", boolean,
			func(c *Config) *bool { return &c.Defaults.Enabled }),
	}
}
