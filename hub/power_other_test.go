//go:build !linux

package main

// holdStill is never called: there is no disk to copy.
func (s *supply) holdStill() (goOn func()) { return func() {} }
