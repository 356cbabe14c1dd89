// Package config reads the server's configuration and the apps' manifests, and hands out one validated value.
//
// Four layers are laid over one another, key by key: the defaults, a file, the environment, flags. Each value is parsed
// where it was written, so that an error names the file, the variable or the flag at fault, and says what would be right.
// All errors of all layers are reported at once.
//
// A file is TOML, YAML or JSON. Keys are exact: they are lower case, and an unknown one is an error. Durations are strings
// with a unit ("10s", "500ms", "1h30m") or whole numbers of seconds; sizes are strings with a unit ("64MiB", "64KB") or
// whole numbers of bytes. A string without a unit is an error in a file.
//
// The variable of a key is WASGI_, the key in upper case, and _ for each dot: WASGI_SERVER_LISTEN,
// WASGI_DEFAULTS_INSTANCES_MAX. WASGI_LISTEN is short for WASGI_SERVER_LISTEN, and WASGI_CONFIG names the file. An empty
// variable counts as unset. Variables and flags are text: a bare number is seconds or bytes, a list is separated by commas,
// and an element that holds a comma needs the file.
//
// [Keys] and [ManifestKeys] list every key with its type, default and meaning.
package config

import "time"

// Config is the whole configuration. It shares its slices with its copies: read it, never change it. Paths are relative to
// the folder that the process runs in.
type Config struct {
	Server Server
	TLS    TLS
	Apps   Apps
	Log    Log
	// Defaults holds for every app whose manifest does not say otherwise. Its Mount is always "".
	Defaults App
}

// Server is the plain listener, and the limits of all listeners.
type Server struct {
	// Listen is host:port for plain HTTP. An empty host is all interfaces, port 0 any free one; "" is no plain listener.
	Listen string
	// H2C says whether the plain listener speaks HTTP/2 too, to clients that begin with it.
	H2C bool
	// MaxConnections is how many connections there may be at once.
	MaxConnections int
	// MaxConnectionsPerClient is how many of them one client may have, which is an IPv4 address or an IPv6 network of 64 bits;
	// 0 is no bound. This machine itself has none.
	MaxConnectionsPerClient int
	// ReadHeaderTimeout is how long a client may take to send a request's headers.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds a request's line and headers, in bytes. It fits an int on every platform.
	MaxHeaderBytes int64
	// TrustedProxies are addresses, networks and "unix", in their usual form: the peers that are believed about a request's client.
	TrustedProxies []string
	// Forwarded is x-forwarded or forwarded: the headers that they are believed in.
	Forwarded string
	// Memory bounds the memory of all instances of all apps together, in bytes; 0 is three quarters of what the machine, or the
	// control group that the process runs in, has.
	Memory int64
	// ShutdownDelay is how long connections are still accepted after the signal to stop.
	ShutdownDelay time.Duration
	// ShutdownTimeout is how long running requests may take after ShutdownDelay; 0 cuts them off.
	ShutdownTimeout time.Duration
}

// TLS is the listener for HTTPS and where its certificates come from: a certificate authority for some names, a pair of files
// for all others.
type TLS struct {
	// Listen is host:port; "" is no such listener.
	Listen string
	// Cert and Key name PEM files, which are read again when they change: a certificate with its chain, and its private key.
	Cert, Key string
	// Domains are the lower-case host names to get certificates for.
	Domains []string
	// Email is what the authority writes to; "" is nobody.
	Email string
	// CA is the URL of the authority's ACME directory.
	CA string
	// CARoot names a PEM file with the root that CA's own HTTPS is verified with; "" is the system's roots.
	CARoot string
	// Storage is the folder of automatic certificates, their keys and the account; "" is a folder in the user's configuration.
	Storage string
	// Redirect says whether the plain listener sends clients to HTTPS instead of serving them.
	Redirect bool
}

// Apps says where the apps are.
type Apps struct {
	// Dir is the folder of apps.
	Dir string
	// Watch says whether changes in Dir are taken up while serving.
	Watch bool
	// Settle is how long a file must have been still before it is loaded.
	Settle time.Duration
	// Max is how many apps there may be. Of more, those that came first are served.
	Max int
	// Memory bounds what the apps take beside their instances, in bytes: code, data and images. Apps that were not used for longest
	// are unloaded, and loaded again when they are asked for. 0 is an eighth of what the machine, or the control group, has.
	Memory int64
	// Cache is the folder of compiled modules; "" is a folder in the user's cache folder.
	Cache string
}

// Log says what is logged, and how.
type Log struct {
	// Level is debug, info, warn or error.
	Level string
	// Format is text or json; "" is text on a terminal and json elsewhere.
	Format string
	// Access says whether each request is logged.
	Access bool
}

// App is what one app runs under.
type App struct {
	// Mount is the path the app answers under, decoded and without a trailing slash; "" is what its file name says.
	Mount string
	// Hosts are the lower-case host names the app answers for, as ordered in the file; none is every host. "*." in front stands for
	// one label.
	Hosts []string
	// CacheControl is the value of that header with the app's public files; "" sends none.
	CacheControl string
	// Compress says whether responses are compressed for clients that take it.
	Compress bool
	// Timeout runs from the request's arrival to the first byte of the response's body.
	Timeout time.Duration
	// WriteTimeout is how long a block of a body may make no progress.
	WriteTimeout time.Duration
	// MaxDuration bounds the whole exchange; 0 is no bound.
	MaxDuration time.Duration
	// CPU is the processor time that one request may take, and the making of one instance; 0 is no bound.
	CPU time.Duration
	// HostCalls is how often the app may call the host in one request, and while one instance is made; 0 is no bound.
	HostCalls int
	// Memory caps the memory of one instance, in bytes: whole pages of 64 KiB, at most 4 GiB. What a file says is rounded
	// down to whole pages, since a guest cannot have part of one and must never get more than was granted.
	Memory int64
	// Stack caps what the frames of an app's calls take, in bytes.
	Stack int64
	// Tables caps the entries of all tables of one instance together.
	Tables int
	// MaxEnviron caps a request's variables as the app is given them, in bytes; 0 is no bound.
	MaxEnviron int64
	// MaxBody caps a request's body, in bytes.
	MaxBody int64
	// MaxResponse caps a response's body, in bytes; 0 is no bound.
	MaxResponse int64
	// MinRate is how many bytes a second a client must send or take on average, while the app waits for it; 0 is no bound.
	MinRate int64
	// Instances says how many instances there may be.
	Instances Instances
	// QueueTimeout is how long a request waits for an instance, be it one that is being made.
	QueueTimeout time.Duration
	// QueueLength is how many requests may wait for an instance at once; 0 is no bound.
	QueueLength int
	// QuarantineAfter is how many requests in a row must fail for the app to be left alone for a while; 0 is never.
	QuarantineAfter int
	// MaxModule caps the module's file, in bytes.
	MaxModule int64
	// CompileTimeout bounds how long the module may take to compile.
	CompileTimeout time.Duration
	// CompileMemory bounds the memory that compiling it may take, in bytes.
	CompileMemory int64
	// WebSocket bounds the app's WebSocket connections.
	WebSocket WebSocket
	// LogLines is how many lines a second the app may log; 0 is no bound.
	LogLines int
	// Isolation is request, instance or fresh.
	Isolation string
	// Env is the environment granted to the guest, as "NAME=value". A manifest's list replaces that of the defaults.
	Env []string
	// Middleware are the names of what stands before the app, the outermost first. A manifest's list replaces that of the defaults.
	Middleware []string
	// Apps are the names of the apps that this one may call.
	Apps []string
	// Config is what a middleware is given that asks for its configuration.
	Config string
	// Enabled says whether the app is served.
	Enabled bool
}

// Instances bounds the number of instances of one app, and how long each lives.
type Instances struct {
	// Min are kept ready while the app is used.
	Min int
	// Max may run at once. An open stream holds one.
	Max int
	// MaxRequests is how many requests one instance serves at most; 0 is no bound.
	MaxRequests int
	// MaxLifetime is the age at which an instance is replaced; 0 is no bound. One that is in use ends with its request.
	MaxLifetime time.Duration
	// IdleTimeout is how long an app must have had no request for all its instances to be closed; 0 is never, and keeps the app
	// from being unloaded.
	IdleTimeout time.Duration
}

// LetsEncrypt is the ACME directory of Let's Encrypt.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// Default returns the configuration that holds where nothing else is said.
func Default() Config {
	return Config{
		Server: Server{
			Listen:                  "127.0.0.1:8080",
			MaxConnections:          10_000,
			MaxConnectionsPerClient: 512,
			ReadHeaderTimeout:       10 * time.Second,
			IdleTimeout:             2 * time.Minute,
			MaxHeaderBytes:          64 << 10,
			Forwarded:               "x-forwarded",
			ShutdownTimeout:         30 * time.Second,
		},
		TLS:      TLS{CA: LetsEncrypt, Redirect: true},
		Apps:     Apps{Dir: "apps", Watch: true, Settle: 100 * time.Millisecond, Max: 10_000},
		Log:      Log{Level: "info"},
		Defaults: defaultApp(),
	}
}

func defaultApp() App {
	return App{
		CacheControl:    "no-cache",
		Timeout:         30 * time.Second,
		WriteTimeout:    30 * time.Second,
		CPU:             10 * time.Second,
		HostCalls:       10_000_000,
		Memory:          128 << 20,
		Stack:           1 << 20,
		Tables:          100_000,
		MaxEnviron:      256 << 10,
		MaxBody:         100 << 20,
		MinRate:         240,
		Instances:       Instances{Min: 1, Max: 64, IdleTimeout: 5 * time.Minute},
		QueueTimeout:    10 * time.Second,
		QueueLength:     1024,
		QuarantineAfter: 10,
		MaxModule:       64 << 20,
		CompileTimeout:  30 * time.Second,
		CompileMemory:   1 << 30,
		WebSocket:       defaultWebSocket(),
		LogLines:        1000,
		Isolation:       "request",
		Enabled:         true,
	}
}
