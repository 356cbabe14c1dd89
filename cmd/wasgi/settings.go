package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

// flagKeys says which configuration key a flag sets.
var flagKeys = map[string]string{
	"listen":     "server.listen",
	"h2c":        "server.h2c",
	"tls-listen": "tls.listen",
	"tls-cert":   "tls.cert",
	"tls-key":    "tls.key",
	"log-level":  "log.level",
	"log-format": "log.format",
	"access-log": "log.access",
}

// addConfigFlag adds the flag of every command that loads apps.
func addConfigFlag(cmd *cobra.Command) {
	cmd.Flags().String("config", "", "configuration `FILE` (default wasgi.toml, .yaml or .json here, if there is one)")
}

// addLogFlags adds the flags of every command that runs apps.
func addLogFlags(cmd *cobra.Command) {
	addConfigFlag(cmd)
	cmd.Flags().String("log-level", "info", "least severe `LEVEL` to log: debug, info, warn or error")
	cmd.Flags().String("log-format", "", "log as `text|json` (default text on a terminal, json elsewhere)")
}

// addServeFlags adds the flags of the commands that listen.
func addServeFlags(cmd *cobra.Command) {
	addLogFlags(cmd)
	cmd.Flags().String("listen", config.Default().Server.Listen, "listen for plain HTTP on `ADDR`, host:port; port 0 is any free one")
	cmd.Flags().Bool("h2c", false, "speak HTTP/2 without TLS too")
	cmd.Flags().String("tls-listen", "", "listen for HTTPS on `ADDR`; needs a certificate")
	cmd.Flags().String("tls-cert", "", "serve HTTPS with the certificate and its chain in `FILE` (PEM)")
	cmd.Flags().String("tls-key", "", "the certificate's private key is in `FILE` (PEM)")
	cmd.Flags().Bool("access-log", false, "log each request")
}

// hostOptions is the configuration as [loadConfig] has it, with the logger that it asks for.
func hostOptions(cmd *cobra.Command, dir string) (host.Options, error) {
	cfg, err := loadConfig(cmd, dir)
	if err != nil {
		return host.Options{}, err
	}
	log, err := newLogger(cfg.Log, cmd.ErrOrStderr())
	return host.Options{Config: cfg, Log: log}, err
}

// loadConfig lays the flags that were given over environment, file and defaults. dir, if any, is the apps folder.
func loadConfig(cmd *cobra.Command, dir string) (config.Config, error) {
	flags := map[string]string{}
	for name, key := range flagKeys {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed {
			flags[key] = flag.Value.String()
		}
	}
	if dir != "" {
		flags["apps.dir"] = dir
	}
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(config.Source{File: file, Environ: os.Environ(), Flags: flags})
}
