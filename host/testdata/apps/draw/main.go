// Command draw answers with random numbers from many sources, and with how often it has been warmed up and asked for GET /.
package main

import (
	crypto "crypto/rand"
	"fmt"
	"math/rand"
	randv2 "math/rand/v2"
	"net/http"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

// What initialising leaves behind.
var (
	seeded  = rand.New(rand.NewSource(time.Now().UnixNano()))
	kept    = wasgi.Rand()
	warmUps int
	asked   int
)

func init() {
	wasgi.WarmUp(func() { warmUps++ })
	wasgihttp.Serve(http.HandlerFunc(draw))
}

func main() {}

func draw(w http.ResponseWriter, r *http.Request) {
	if r.UserAgent() == "wasgi-warm-up" {
		asked++
	}
	token := make([]byte, 8)
	_, _ = crypto.Read(token)
	fmt.Fprintf(w, "math %d\nv2 %d\nseeded %d\nkept %d\nwasgi %d\ncrypto %x\n",
		rand.Int63(), randv2.Int64(), seeded.Int63(), kept.Int64(), wasgi.Rand().Int64(), token)
	fmt.Fprintf(w, "warm-ups %d\nasked %d\n", warmUps, asked)
}
