package main

import (
	"fmt"
	"strconv"
	"strings"
)

// portList is the flag for ports and inclusive ranges: 80,5432,9000-9010. What is named twice is listened on once.
type portList []int

func (l *portList) String() string { return "" }

func (l *portList) Set(text string) error {
	seen := map[int]bool{}
	for _, item := range strings.Split(text, ",") {
		if item == "" {
			continue
		}
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		low, lowErr := strconv.ParseUint(first, 10, 16)
		high, highErr := strconv.ParseUint(last, 10, 16)
		if lowErr != nil || highErr != nil || low == 0 || high < low {
			return fmt.Errorf("no port or range: %q", item)
		}
		for port := int(low); port <= int(high); port++ {
			if !seen[port] {
				seen[port] = true
				*l = append(*l, port)
			}
		}
	}
	if len(*l) > maxPorts {
		return fmt.Errorf("more than %d ports", maxPorts)
	}
	return nil
}
