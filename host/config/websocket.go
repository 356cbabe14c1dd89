package config

import (
	"fmt"
	pattern "path"
	"strings"
)

// WebSocket bounds an app's WebSocket connections. A connection keeps what held when it was opened.
type WebSocket struct {
	// MaxConnections is how many there may be at once.
	MaxConnections int
	// MaxMessage caps one message of a client, in bytes.
	MaxMessage int64
	// Queue caps what waits to be sent to one client, in bytes.
	Queue int64
	// Memory caps what waits for all clients together, and what of their messages has been received, in bytes.
	Memory int64
	// MaxTopics is how many topics one connection may be subscribed to.
	MaxTopics int
	// PingInterval is how often a client is asked whether it is still there; 0 is never.
	PingInterval duration
	// Origins are patterns of the hosts whose pages may connect, in lower case, beside the host that the request is for.
	Origins []string
}

func defaultWebSocket() WebSocket {
	return WebSocket{
		MaxConnections: 1000,
		MaxMessage:     1 << 20,
		Queue:          1 << 20,
		Memory:         64 << 20,
		MaxTopics:      100,
		PingInterval:   defaultPing,
	}
}

func webSocketSettings() table {
	return table{
		newSetting("websocket.max_connections", "WebSocket connections that the app may have at once; further ones get 503", integerBetween(0, maxConnections),
			func(c *Config) *int { return &c.Defaults.WebSocket.MaxConnections }),
		newSetting("websocket.max_message", "cap of one message of a client", sizeBetween(1, maxModule),
			func(c *Config) *int64 { return &c.Defaults.WebSocket.MaxMessage }),
		newSetting("websocket.queue", "cap of what waits to be sent to one client; one that is slower than that is closed", sizeBetween(1<<10, maxSize),
			func(c *Config) *int64 { return &c.Defaults.WebSocket.Queue }),
		newSetting("websocket.memory", "cap of all messages of the app that wait to be sent, or are being received", sizeBetween(1<<10, maxSize),
			func(c *Config) *int64 { return &c.Defaults.WebSocket.Memory }),
		newSetting("websocket.max_topics", "topics that one connection may be subscribed to", integerBetween(0, maxCount),
			func(c *Config) *int { return &c.Defaults.WebSocket.MaxTopics }),
		newSetting("websocket.ping_interval", "how often a client is asked whether it is still there; 0 is never", durationFrom(0),
			func(c *Config) *duration { return &c.Defaults.WebSocket.PingInterval }),
		newSetting("websocket.origins", "hosts whose pages may connect beside the app's own, such as `*.example.com`", originList,
			func(c *Config) *[]string { return &c.Defaults.WebSocket.Origins }),
	}
}

// originList is whose pages may open WebSockets.
var originList = listKind("list of host patterns", "*.example.com", originPatterns)

// originPatterns checks patterns, and puts them into lower case. A scheme before the host is part of what is matched.
func originPatterns(list []string) ([]string, error) {
	var out []string
	var errs []error
	for i, s := range list {
		host := s
		if scheme, rest, ok := strings.Cut(s, "://"); ok && scheme != "" {
			host = rest
		}
		if _, err := pattern.Match(host, ""); err != nil || host == "" || strings.ContainsAny(host, "/ ") {
			errs = append(errs, fmt.Errorf(`entry %d: %s is not a pattern of a host; write one like "*.example.com" or "https://example.com"`, i+1, shown(s)))
		}
		out = append(out, strings.ToLower(s))
	}
	return out, joinLine(errs)
}
