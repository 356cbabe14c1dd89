package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

func newCheck() *cobra.Command {
	var asJSON bool
	var messages []string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "check FILE.wasm [PATH...]",
		Short: "Check an app against the contract, rule by rule",
		Long: "Play requests to an app on a strict host of its own, and tell which rules of the contract (abi/SPEC.md) it keeps,\n" +
			"which it breaks, and which nothing was done about. GET is played for each PATH beside the usual requests; the first\n" +
			"is the one that is varied, so name one that the app answers, and that it lets WebSockets in at if it has any. The file\n" +
			"is read strictly first, and a manifest beside it is obeyed. The exit code is 1 if a rule is broken.",
		Example: "  wasgi check plugins/hello.wasm\n  wasgi check notes.wasm /notes/1 '/search?q=x'\n" +
			"  wasgi check chat.wasm '/?name=a&room=b' --message hello\n" +
			"  wasgi check --json upload.wasm | jq '.results[] | select(.verdict == \"fail\")'",
		Args: arguments(1, 1000),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd, "")
			if err != nil {
				return err
			}
			if timeout <= 0 {
				return usageError{fmt.Errorf("--timeout %s: must be more than nothing", timeout)}
			}
			requests, err := pathRequests(args[1:])
			if err != nil {
				return err
			}
			texts, err := textMessages(messages)
			if err != nil {
				return err
			}
			c, err := checkFile(cmd.Context(), cfg, args[0], abitest.GuestOptions{Requests: requests, Messages: texts, Timeout: timeout})
			if err != nil {
				return err
			}
			if err := c.print(cmd.OutOrStdout(), asJSON); err != nil {
				return err
			}
			return c.broken()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, whose fields keep their names")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long one call may take; code runs 10 to 50 times slower than when it is served")
	cmd.Flags().StringArrayVar(&messages, "message", nil, "a text that WebSocket clients say beside the usual messages; may be given more than once")
	addConfigFlag(cmd)
	return cmd
}

func textMessages(texts []string) ([]abitest.Message, error) {
	var messages []abitest.Message
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return nil, usageError{fmt.Errorf("--message: must be UTF-8: %q", text)}
		}
		messages = append(messages, abitest.Message{Data: []byte(text)})
	}
	return messages, nil
}

func pathRequests(paths []string) ([]abitest.Request, error) {
	var requests []abitest.Request
	for _, path := range paths {
		if !strings.HasPrefix(path, "/") {
			return nil, usageError{fmt.Errorf("PATH %q: must begin with a slash", path)}
		}
		requests = append(requests, abitest.Request{Path: path})
	}
	return requests, nil
}

// checked is what `wasgi check --json` prints.
type checked struct {
	File string `json:"file"`
	Size int64  `json:"size"`
	// SHA256 is in hexadecimal.
	SHA256 string `json:"sha256"`
	// Broken is how many rules are.
	Broken int `json:"broken"`
	// Results are the rules in order, each with its verdict: pass, fail or not exercised.
	abitest.Report
}

// checkFile reads a file as strictly as a load does before anything else sees a byte of it.
func checkFile(ctx context.Context, cfg config.Config, file string, options abitest.GuestOptions) (*checked, error) {
	i, err := host.Inspect(ctx, host.Options{Config: cfg}, file)
	if err != nil {
		return nil, err
	}
	if i.Kind != "" && i.Kind != "wasgi" {
		return nil, fmt.Errorf("%s: is of kind %s, and the contract is that of wasgi guests; call plays a request to any kind", file, i.Kind)
	}
	if err := unsafeToRun(i); err != nil {
		return nil, err
	}
	module, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(module); hex.EncodeToString(sum[:]) != i.SHA256 {
		return nil, fmt.Errorf("%s: has changed while it was read; check it again", file)
	}
	options.Memory = i.Limits.Memory
	report, err := abitest.Check(ctx, module, options)
	return &checked{File: i.File, Size: i.Size, SHA256: i.SHA256, Broken: report.Broken(), Report: report}, err
}

// unsafeToRun is the first reason why a file is not run. What breaks the contract alone is: the rules say it better.
func unsafeToRun(i *host.Inspection) error {
	n := slices.IndexFunc(i.Refusals, func(r host.Refusal) bool { return r.Kind != "contract" })
	switch {
	case n >= 0:
		return fmt.Errorf("%s: refused: %s", i.File, i.Refusals[n].Message)
	case i.Module == nil || !i.Module.Complete:
		return fmt.Errorf("%s: refused: %s", i.File, cmp.Or(i.Why, "no module"))
	}
	return nil
}

// broken is the error of a guest that breaks rules.
func (c *checked) broken() error {
	if c.Broken == 0 {
		return nil
	}
	var ids []string
	for _, result := range c.Results {
		if result.Verdict == abitest.Fail {
			ids = append(ids, result.ID)
		}
	}
	return errors.New(c.File + ": breaks " + strings.Join(ids, ", "))
}
