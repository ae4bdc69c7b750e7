module netproof.dev/probe

go 1.19
