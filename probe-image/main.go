// Netproof-probe is the agent in a probe pod. It knows sockets, not policies; docs/protocol.md says what it speaks.
//
// It has two roles. serve (serve.go) listens (listen_stream.go, listen_udp.go), answers with the pod's identity and
// remembers what arrived (receipts.go). session (session.go) reads commands from stdin (protocol.go), has probers
// make the probes (prober.go, attempt.go, dial_stream.go, dial_udp.go) and writes their results to stdout (output.go);
// it asks serve for receipts over a control socket (control.go). Both leave their sockets to pollers (poller.go) and
// speak one format on the wire (wire.go). What could grow without end has its bound in limits.go.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

var version = "development"

func main() {
	// A goroutine that waits in epoll keeps its place among those that may run, and others wait for theirs: so there
	// are places for the two probers, for reading and for writing, on however few or many processors.
	runtime.GOMAXPROCS(4)
	debug.SetGCPercent(50)
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of a write, and ends the session in order
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns the exit code. It is never evidence of anything.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	role := ""
	if len(args) > 0 {
		role, args = args[0], args[1:]
	}
	var err error
	switch role {
	case "serve":
		o, usage := serveFlags(args, stderr)
		if usage != nil {
			return 2
		}
		err = serve(o)
	case "session":
		control, usage := sessionFlags(args, stderr)
		if usage != nil {
			return 2
		}
		err = runSession(stdin, stdout, control)
	case "version":
		fmt.Fprintln(stdout, version)
	default:
		fmt.Fprintln(stderr, "usage: netproof-probe serve [--tcp PORTS] [--udp PORTS] [--sctp PORTS] [--health PORT] [--deadline TIME] | session | version")
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "netproof-probe:", err)
		return 1
	}
	return 0
}

func serveFlags(args []string, stderr io.Writer) (serveOptions, error) {
	flags := flag.NewFlagSet("netproof-probe serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var ports [3]portList
	flags.Var(&ports[tcp], "tcp", "TCP `ports` and ranges, such as 80,9000-9010")
	flags.Var(&ports[udp], "udp", "UDP `ports` and ranges")
	flags.Var(&ports[sctp], "sctp", "SCTP `ports` and ranges")
	health := flags.Uint("health", 0, "TCP `port` for the kubelet's probes")
	deadline := flags.Duration("deadline", 10*time.Minute, "end after this `time`")
	control := flags.String("control", defaultControl, "`name` of the socket between serve and session")
	err := flags.Parse(args)
	if err == nil && (*health > 65535 || *deadline <= 0 || flags.NArg() > 0) {
		err = fmt.Errorf("wrong flags: %q", args)
		fmt.Fprintln(stderr, "netproof-probe:", err)
	}
	return serveOptions{
		ports:  map[protocol][]int{tcp: ports[tcp], udp: ports[udp], sctp: ports[sctp]},
		health: int(*health), uid: os.Getenv("POD_UID"), control: *control, deadline: *deadline,
	}, err
}

func sessionFlags(args []string, stderr io.Writer) (control string, err error) {
	flags := flag.NewFlagSet("netproof-probe session", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&control, "control", defaultControl, "`name` of the socket between serve and session")
	err = flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("wrong arguments: %q", args)
		fmt.Fprintln(stderr, "netproof-probe:", err)
	}
	return control, err
}
