package account

import "time"

// SignIn is one browser on which somebody is signed in.
type SignIn struct {
	ID      string    // names it on pages and in the audit log; opens nothing
	Account string    // whose it is, as the program's sessions name him
	At      time.Time // when it began
	SeenAt  time.Time // last click, to the minute
	From    string    // address it began at, without the port
	Browser string    // in a few words, see web.Browser; may be empty
}

// MaxSignIns bounds the sign-ins of one account that last at a time. One more ends
// the one that has not been used for longest.
const MaxSignIns = 20
