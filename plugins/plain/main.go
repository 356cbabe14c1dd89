// Command plain is a program that knows nothing of wasgi: it prints a response, as CGI has it, and ends. So do programs in C, Rust
// and every other language with a WASI target.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
)

func main() {
	if err := answer(os.Stdout, os.Stdin, os.Getenv); err != nil {
		log.Fatal(err) // to the app's log; what was printed so far is not sent
	}
}

// answer prints who asks for what, and how long the body of the request is.
func answer(out io.Writer, body io.Reader, env func(string) string) error {
	length, err := io.Copy(io.Discard, body)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Content-Type: text/plain; charset=utf-8\n\n%s from %s asks for %s with %d bytes.\n",
		env("REQUEST_METHOD"), env("REMOTE_ADDR"), env("X_FULL_URL"), length)
	return err
}
