//go:build !linux

package main

import "errors"

func remount(string, bool) error { return errors.New("small disks are on Linux only") }
