package main

import "syscall"

// Every quantity that could grow without end, in one place.
const (
	maxLine      = 1 << 20 // bytes of one line on stdin
	maxWaiting   = 100_000 // probes taken but not begun
	maxInFlight  = 2048    // probes begun and without result
	maxSockets   = 8192    // in flight and lingering; the kernel takes 4 kB for each, on the account of the pod
	maxUnwritten = 4096    // lines that stdout has not taken, before no more probes begin
	maxNonces    = 20_000  // of one question for receipts; its answer is a line of 3 MB at most
	maxReceipts  = 200_000
	maxHealth    = 100  // health probes remembered
	maxPorts     = 4096 // of one protocol, so that hello fits into a line
	maxCalls     = 4096 // accepted connections that are open at once
	maxSessions  = 16   // connections to the control socket

	reservedFiles    = 64 // of a session, for what is not a probe
	reservedForCalls = 32 // of a serving process, for what is not a listener
)

// openFiles is the limit on file descriptors; Go's start-up code has raised the soft limit to the hard one.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	if limit.Cur > 1<<20 {
		return 1 << 20
	}
	return int(limit.Cur)
}

// socketLimits says how many sockets a session may hold, and how many of them for probes without result.
func socketLimits(files int) (sockets, inFlight int) {
	sockets = clamp(files-reservedFiles, 1, maxSockets)
	return sockets, clamp(sockets, 1, maxInFlight)
}

func clamp(n, low, high int) int {
	if n < low {
		return low
	}
	if n > high {
		return high
	}
	return n
}
