//go:build tools

// Package tools pins the release whose acceptance test is built.
package tools

import _ "github.com/openbao/go-kms-wrapping/wrappers/kmip/v2"
