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
	t := slices.Concat(serverSettings(), tlsSettings(), appsSettings(), logSettings())
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
		newSetting("server.listen", "where to listen for plain HTTP; port 0 is any free one, empty is nowhere", optionalAddress,
			func(c *Config) *string { return &c.Server.Listen }),
		newSetting("server.h2c", "whether HTTP/2 is spoken without TLS too, with clients that begin with it", boolean,
			func(c *Config) *bool { return &c.Server.H2C }),
		newSetting("server.max_connections", "how many connections there may be at once", integerBetween(1, maxConnections),
			func(c *Config) *int { return &c.Server.MaxConnections }),
		newSetting("server.max_connections_per_client", "how many of them one address may have, or one /64 of IPv6; 0 is no bound, and loopback has none",
			integerBetween(0, maxConnections), func(c *Config) *int { return &c.Server.MaxConnectionsPerClient }),
		newSetting("server.read_header_timeout", "how long a client may take to send a request's headers", durationFrom(minimum),
			func(c *Config) *duration { return &c.Server.ReadHeaderTimeout }),
		newSetting("server.idle_timeout", "how long a connection may wait for its next request", durationFrom(minimum),
			func(c *Config) *duration { return &c.Server.IdleTimeout }),
		newSetting("server.max_header_bytes", "bound of a request's line and headers", sizeBetween(1<<10, 16<<20),
			func(c *Config) *int64 { return &c.Server.MaxHeaderBytes }),
		newSetting("server.trusted_proxies", "the proxies whose word about a request's client counts: addresses, networks, `unix`; none is nobody's",
			proxyList, func(c *Config) *[]string { return &c.Server.TrustedProxies }),
		newSetting("server.forwarded", "the headers in which they say it: `X-Forwarded-*`, or RFC 7239's `Forwarded`; the others are dropped",
			choice("x-forwarded", "forwarded"), func(c *Config) *string { return &c.Server.Forwarded }),
		newSetting("server.memory", "cap of all instances' memory together; 0 is three quarters of the machine's, or of the control group's",
			sizeBetween(0, maxSize), func(c *Config) *int64 { return &c.Server.Memory }),
		newSetting("server.shutdown_delay", "how long connections are still accepted after the signal to stop", durationFrom(0),
			func(c *Config) *duration { return &c.Server.ShutdownDelay }),
		newSetting("server.shutdown_timeout", "how long running requests may take after that; 0 cuts them off", durationFrom(0),
			func(c *Config) *duration { return &c.Server.ShutdownTimeout }),
	}
}

func tlsSettings() table {
	return table{
		newSetting("tls.listen", "where to listen for HTTPS; empty is nowhere", optionalAddress,
			func(c *Config) *string { return &c.TLS.Listen }),
		newSetting("tls.cert", "a PEM file with the certificate and its chain; a new one is taken up", path,
			func(c *Config) *string { return &c.TLS.Cert }),
		newSetting("tls.key", "a PEM file with the certificate's private key", path,
			func(c *Config) *string { return &c.TLS.Key }),
		newSetting("tls.domains", "the host names to get certificates for from tls.ca, whose terms are agreed to by that", domainList,
			func(c *Config) *[]string { return &c.TLS.Domains }),
		newSetting("tls.email", "whom the certificate authority writes to; empty is nobody", email,
			func(c *Config) *string { return &c.TLS.Email }),
		newSetting("tls.ca", "the ACME directory of the certificate authority", directoryURL,
			func(c *Config) *string { return &c.TLS.CA }),
		newSetting("tls.ca_root", "a PEM file with the root of a private authority; empty is the system's roots", path,
			func(c *Config) *string { return &c.TLS.CARoot }),
		newSetting("tls.storage", "the folder of automatic certificates and their keys; empty is one in the user's configuration folder", path,
			func(c *Config) *string { return &c.TLS.Storage }),
		newSetting("tls.redirect", "whether plain HTTP is sent to HTTPS where there is a listener for it", boolean,
			func(c *Config) *bool { return &c.TLS.Redirect }),
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
		newSetting("apps.max", "how many apps are served; of more, those that came first", integerBetween(1, maxApps),
			func(c *Config) *int { return &c.Apps.Max }),
		newSetting("apps.memory", "cap of what apps take beside their instances; rarely used ones are unloaded; 0 is an eighth of the machine's",
			sizeBetween(0, maxSize), func(c *Config) *int64 { return &c.Apps.Memory }),
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

// appSettings are the keys of a manifest, in the order in which they are best read: where the app answers, what it may take,
// how it runs.
func appSettings() table {
	return slices.Concat(mountSettings(), timeSettings(), sizeSettings(), runSettings(), webSocketSettings(), moduleSettings())
}

func mountSettings() table {
	return table{
		newSetting(mountKey, "the path the app answers under, instead of the one its file name says", mountPath,
			func(c *Config) *string { return &c.Defaults.Mount }),
		newSetting("hosts", "the host names the app answers for, `*.example.com` among them; none is every host", hostList,
			func(c *Config) *[]string { return &c.Defaults.Hosts }),
		newSetting("cache_control", "how long clients may keep the app's public files: the `Cache-Control` that goes with them; empty is none",
			headerValue, func(c *Config) *string { return &c.Defaults.CacheControl }),
		newSetting("middleware", "what stands before the app, the outermost first: `auth` is `_auth.wasm`; a manifest's list replaces the defaults'",
			middlewareList, func(c *Config) *[]string { return &c.Defaults.Middleware }),
		newSetting("compress", "whether responses are compressed for clients that take it", boolean,
			func(c *Config) *bool { return &c.Defaults.Compress }),
	}
}

func timeSettings() table {
	return table{
		newSetting("timeout", "from the request's arrival to the first byte of the response's body", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.Timeout }),
		newSetting("write_timeout", "how long a block of a body may make no progress", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.WriteTimeout }),
		newSetting("max_duration", "bound of the whole exchange; 0 is none", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.MaxDuration }),
		newSetting("cpu", "processor time of one request, and of making one instance; 0 is no bound", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.CPU }),
		newSetting("host_calls", "how often the app may call the host in one request; 0 is no bound", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.HostCalls }),
	}
}

func sizeSettings() table {
	return table{
		newSetting("memory", "cap of one instance's memory, rounded down to pages of 64KiB", sizeBetween(page, maxMemory).with(wholePages),
			func(c *Config) *int64 { return &c.Defaults.Memory }),
		newSetting("stack", "cap of what nested calls take", sizeBetween(64<<10, 4<<20),
			func(c *Config) *int64 { return &c.Defaults.Stack }),
		newSetting("tables", "cap of the entries of an instance's tables together", integerBetween(0, maxTables),
			func(c *Config) *int { return &c.Defaults.Tables }),
		newSetting("max_environ", "cap of a request's variables as the app is given them; 0 is none", sizeBetween(0, maxSize),
			func(c *Config) *int64 { return &c.Defaults.MaxEnviron }),
		newSetting("max_body", "cap of a request's body", sizeBetween(1, maxSize),
			func(c *Config) *int64 { return &c.Defaults.MaxBody }),
		newSetting("max_response", "cap of a response's body; 0 is none", sizeBetween(0, maxSize),
			func(c *Config) *int64 { return &c.Defaults.MaxResponse }),
		newSetting("min_rate", "bytes a second that a client must send or take while the app waits for it, after 5 s; 0 is no bound", sizeBetween(0, maxRate),
			func(c *Config) *int64 { return &c.Defaults.MinRate }),
	}
}

func runSettings() table {
	return table{
		newSetting("instances.min", "instances that are kept ready while the app is used", integerBetween(0, maxInstances),
			func(c *Config) *int { return &c.Defaults.Instances.Min }),
		newSetting("instances.max", "instances that may run at once; an open stream holds one", integerBetween(1, maxInstances),
			func(c *Config) *int { return &c.Defaults.Instances.Max }),
		newSetting("instances.max_requests", "requests that one instance serves, or up to a tenth fewer; 0 is no bound", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.Instances.MaxRequests }),
		newSetting("instances.max_lifetime", "age at which an instance is replaced, or up to a tenth less; 0 is no bound", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.Instances.MaxLifetime }),
		newSetting("instances.idle_timeout", "time without a request after which an app's instances are closed; with 0 neither they are, nor is the app unloaded", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.Instances.IdleTimeout }),
		newSetting("queue_timeout", "how long a request waits for an instance, be it one that is being made", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.QueueTimeout }),
		newSetting("queue_length", "how many requests may wait for an instance at once; 0 is no bound", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.QueueLength }),
		newSetting("quarantine_after", "how many faults in a row put the app into quarantine; 0 is never", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.QuarantineAfter }),
		newSetting("isolation", "what one request may see of another", choice("request", "instance", "fresh"),
			func(c *Config) *string { return &c.Defaults.Isolation }),
	}
}

func moduleSettings() table {
	return table{
		newSetting("max_module", "cap of the module's file", sizeBetween(1, maxModule),
			func(c *Config) *int64 { return &c.Defaults.MaxModule }),
		newSetting("compile_timeout", "how long the module may take to compile", durationFrom(minimum),
			func(c *Config) *duration { return &c.Defaults.CompileTimeout }),
		newSetting("compile_memory", "how much memory that may take", sizeBetween(64<<20, maxSize),
			func(c *Config) *int64 { return &c.Defaults.CompileMemory }),
		newSetting("log_lines", "how many lines a second the app may log; 0 is no bound", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.LogLines }),
		newSetting("env", "the environment granted to the guest; a manifest's list replaces the defaults'", envList,
			func(c *Config) *[]string { return &c.Defaults.Env }),
		newSetting("apps", "the apps that this one may call in process, by the names of their files: `api/users`; none is no other",
			appList, func(c *Config) *[]string { return &c.Defaults.Apps }),
		newSetting("config", "what an http-wasm middleware gets when it asks for its configuration", freeText,
			func(c *Config) *string { return &c.Defaults.Config }),
		newSetting("enabled", "whether the app is served", boolean,
			func(c *Config) *bool { return &c.Defaults.Enabled }),
	}
}
