package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// program is the agent, built once for all tests that need real processes.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "netproof-probe")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "netproof-probe")
		build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w -X main.version=0.0.0-test", "-o", program, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

const (
	testKey  = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	otherKey = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	testUID  = "6f1d3c3e-0000-4000-8000-000000000001"
	patience = 10 * time.Second
)

// A place is where processes run: on this machine, or in a network namespace of the test's own.
type place []string

var here place

func (p place) command(args ...string) *exec.Cmd {
	all := append(append([]string{}, p...), args...)
	return exec.Command(all[0], all[1:]...)
}

var controls int64

// controlName is unique, because tests share this machine's namespace of abstract sockets.
func controlName() string {
	return fmt.Sprintf("@netproof-probe-test-%d-%d", os.Getpid(), atomic.AddInt64(&controls, 1))
}

// agent is a serving process.
type agent struct {
	place   place
	control string
	process *exec.Cmd
}

func (p place) serve(t testing.TB, flags ...string) *agent {
	t.Helper()
	a := &agent{place: p, control: controlName()}
	a.start(t, flags...)
	return a
}

func (a *agent) start(t testing.TB, flags ...string) {
	t.Helper()
	a.process = a.place.command(append([]string{program, "serve", "--control", a.control, "--deadline", "60s"}, flags...)...)
	a.process.Env = append(os.Environ(), "POD_UID="+testUID)
	a.process.Stderr = os.Stderr
	if err := a.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.kill)
}

func (a *agent) kill() {
	a.process.Process.Kill()
	a.process.Wait()
}

// freePorts finds ports that nobody listens on, below the range that the kernel takes source ports from.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for len(ports) < n {
		port := 20000 + int(atomic.AddInt64(&nextPort, 1))%10000
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		l.Close()
		u, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		u.Close()
		ports = append(ports, port)
	}
	return ports
}

var nextPort = int64(os.Getpid() * 16)

func portText(ports ...int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ","), "[]")
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func needIPv6(t testing.TB) {
	if !hasIPv6() {
		t.Skip("no IPv6 on loopback")
	}
}

func mustKey(t testing.TB, text string) *runKey {
	t.Helper()
	var key hexKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return newRunKey(key)
}

// fakeAnswer answers a request as an agent of the test's key would.
func fakeAnswer(t testing.TB, request []byte, caller netip.AddrPort) []byte {
	t.Helper()
	key := mustKey(t, testKey)
	n, ok := key.readRequest(request)
	if !ok {
		t.Fatalf("not a request of this run: %x", request)
	}
	var m message
	key.writeAnswer(&m, answer{n, instance{1, 2, 3}, "fake", caller})
	return m[:]
}
