package abitest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// serverCases are all cases, by item. Each name begins with the item's number in the list of what a gateway owes an application.
func serverCases() []serverCase {
	return slices.Concat(
		callCases(),
		ownCases(), pathCases(), headerCases(), wsgiCases(), variableCases(),
		inputCases(), wireInputCases(), errorsCases(),
		startCases(), replaceCases(),
		writeCases(), responseCases(), lengthCases(), bodilessCases(), goneCases(),
		faultCases(), continueCases(), fileCases(),
		socketOpenCases(), socketEventCases(), socketCallCases(), socketEndCases(),
	)
}

// token is a word that nobody else uses.
func token() string { return fmt.Sprintf("kit%016x", rand.Uint64()) }
