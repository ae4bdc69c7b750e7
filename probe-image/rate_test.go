package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The rate of new TCP connections, each with nonce echoed, validated and closed, between a session and a serving
// process. Destination addresses are spread, or source ports would run out in seconds.
func BenchmarkRate(b *testing.B) {
	for _, shape := range []struct {
		name string
		run  func(*testing.B, *agent, int)
	}{
		{"between two processes", rateOfSockets},
		{"with a third that speaks the protocol", rateOfSession},
	} {
		b.Run(shape.name, func(b *testing.B) {
			port := freePorts(b, 1)[0]
			a := here.serve(b, "--tcp", portText(port))
			a.open(b)
			b.ResetTimer()
			start, cpu := time.Now(), processorTime(b, "self")
			shape.run(b, a, port)
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "connections/s")
			// Beside others on a machine, only these two tell whether a change was one for the better.
			b.ReportMetric(float64(processorTime(b, "self")-cpu)/float64(b.N)/1e3, "asker-µs/op")
			b.ReportMetric(float64(processorTime(b, strconv.Itoa(a.process.Process.Pid)))/float64(b.N)/1e3, "listener-µs/op")
		})
	}
}

// processorTime is what the kernel has counted for a process, user and system.
func processorTime(t testing.TB, pid string) time.Duration {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	columns := strings.Fields(after)
	user, _ := strconv.Atoi(columns[11])
	system, _ := strconv.Atoi(columns[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func rateProbe(i, port int) string {
	return fmt.Sprintf(`{"id":%d,"protocol":"TCP","address":"127.0.%d.%d","port":%d,"nonce":"%032x"}`, i, i/250%250, 1+i%250, port, i+1)
}

// rateOfSockets runs the session's own code in this process, so that two processes share the machine.
func rateOfSockets(b *testing.B, a *agent, port int) {
	toSession, stdin := io.Pipe()
	stdout, fromSession := io.Pipe()
	go func() {
		runSession(toSession, fromSession, a.control)
		fromSession.Close()
	}()
	drive(b, stdin, stdout, port)
}

func rateOfSession(b *testing.B, a *agent, port int) {
	c := a.session(b)
	drive(b, c.stdin, c.stdout, port)
}

// drive keeps two batches on their way.
func drive(b *testing.B, stdin io.WriteCloser, stdout io.Reader, port int) {
	const size = 1000
	ends := make(chan struct{}, 2)
	go func() {
		buffer := bufio.NewWriterSize(stdin, 64<<10)
		fmt.Fprintf(buffer, `{"type":"open","protocol":1,"key":"%s","deadlineMs":60000,"heartbeatMs":60000}`+"\n", testKey)
		for i := 0; i < b.N; i += size {
			if i >= 2*size {
				<-ends
			}
			io.WriteString(buffer, `{"type":"batch","batch":1,"timeoutMs":2000,"probes":[`)
			for j := i; j < i+size && j < b.N; j++ {
				if j > i {
					buffer.WriteByte(',')
				}
				buffer.WriteString(rateProbe(j, port))
			}
			buffer.WriteString("]}\n")
			buffer.Flush()
		}
	}()
	answers := 0
	lines := bufio.NewScanner(stdout)
	for answers < b.N && lines.Scan() {
		switch line := lines.Text(); {
		case strings.Contains(line, `"outcome":"answered"`):
			answers++
		case strings.Contains(line, `"batch-end"`):
			ends <- struct{}{}
		case strings.Contains(line, `"result"`), strings.Contains(line, `"error"`):
			b.Fatal(line)
		}
	}
	if answers < b.N {
		b.Fatalf("%d of %d answered", answers, b.N)
	}
	stdin.Close()
	go io.Copy(io.Discard, stdout)
}
