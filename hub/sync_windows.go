package main

// syncDir has nothing to do: Windows writes names with the files.
func syncDir(string) error { return nil }
