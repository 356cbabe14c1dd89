package host

import "github.com/wasgi/wasgi/host/internal/machine"

// memoryBudget is how many bytes the memories of all instances may have together: what server.memory says, or three quarters of
// what there is. The rest is for the host itself, and for compiling. 0 is no bound, where nobody knows what there is.
func memoryBudget(configured int64) int64 {
	if configured != 0 {
		return configured
	}
	return machine.Memory() / 4 * 3
}

// programBudget is how many bytes the programs of apps may take beside their instances: what apps.memory says, or an eighth of
// what there is, which is half of what memoryBudget leaves.
func programBudget(configured int64) int64 {
	if configured != 0 {
		return configured
	}
	return machine.Memory() / 8
}
