package main

import "syscall"

type outcome string

const (
	answered    outcome = "answered"
	handshake   outcome = "handshake"
	refused     outcome = "refused"
	unreachable outcome = "unreachable"
	timedOut    outcome = "timed-out"
	failed      outcome = "failed"
)

// outcomeOf reads the error of connecting, sending or receiving. An error of making the socket is not for it: EACCES
// when binding a source port says nothing about the network.
func outcomeOf(err error) outcome {
	switch {
	case isErrno(err, syscall.ECONNREFUSED):
		return refused
	case isErrno(err, syscall.EHOSTUNREACH, syscall.EPERM, syscall.EACCES):
		return unreachable
	case isErrno(err, syscall.ETIMEDOUT): // the kernel gave up before we did
		return timedOut
	}
	return failed
}

// outcomeOfReply reads an error that came after the packet had left. There ENETUNREACH is not our own missing route
// but an ICMP message of somebody on the path.
func outcomeOfReply(err error) outcome {
	if isErrno(err, syscall.ENETUNREACH) {
		return unreachable
	}
	return outcomeOf(err)
}
