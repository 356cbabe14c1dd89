package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newInspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Tell what a file is, asks for and weighs, without running it",
		Long: "Tell what a file is, what it asks for, what it weighs and whether this host would take it, without compiling\n" +
			"or running it. A manifest beside the file is obeyed. The exit code is 1 if the host would refuse the file;\n" +
			"what is known in spite of that is told all the same.",
		Example: "  wasgi inspect plugins/hello.wasm\n  wasgi inspect --json upload.wasm | jq .refusals",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd, "")
			if err != nil {
				return err
			}
			i, err := host.Inspect(cmd.Context(), host.Options{Config: cfg}, args[0])
			if err != nil {
				return err
			}
			if err := printInspection(cmd.OutOrStdout(), i, asJSON); err != nil {
				return err
			}
			return refusal(i)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, whose fields keep their names")
	addConfigFlag(cmd)
	return cmd
}

// refusal is the error of a file that the host would refuse, with the first reason.
func refusal(i *host.Inspection) error {
	switch n := len(i.Refusals); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: refused: %s", i.File, i.Refusals[0].Message)
	default:
		return fmt.Errorf("%s: refused for %d reasons; the first: %s", i.File, n, i.Refusals[0].Message)
	}
}

func printInspection(w io.Writer, i *host.Inspection, asJSON bool) error {
	if !asJSON {
		return newReport(i).write(w)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(i); err != nil {
		return err
	}
	_, err := w.Write(printableJSON(text.Bytes()))
	return err
}

// printableJSON writes what could steer a terminal as \u escapes: names in a module may hold anything. The text stays the same
// to whoever parses it.
func printableJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out = append(out, text[:size]...)
		case r > 0xffff:
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}
