// Package content keeps what people write and attach clean.
//
// It promises, for text: what Sanitize returns is inside a small closed grammar
// of HTML (see grammar.go) in which nothing can run, nothing is fetched from
// elsewhere and nothing is styled, and sanitising it again changes nothing;
// bytes of any origin become UTF-8 without control characters; numbers of
// persons and secrecy marks are found with their exact places.
//
// For files: the type is what the bytes say, never what the name says, only
// types of a short list pass, names are safe to store and to send, and no image
// is decoded before its size is known.
//
// Everything is a pure function of its input, safe for many goroutines. Limits
// of length are the caller's. Refusals are faults with a sentence in Chinese.
package content
