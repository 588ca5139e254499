package crawl

import (
	"context"
	"math/rand/v2"
	"strings"
)

const (
	// areaPages is after how many pages of one area it is asked whether there
	// is an end to it, and eight times as many the next time.
	areaPages = 200
	// manyAreas is after how many areas that is asked of the whole site.
	manyAreas = 100
	maxAreas  = 300
)

// area is the pages below one top folder, or of one program with a query. Beyond
// a number of them all others are one.
type area struct {
	home  bool // the home page leads here
	pages int
	asked int
	state uint8 // see family
	where string
}

// areaOf names the area of an address.
func areaOf(address string) string {
	p := locate(address)
	if end := strings.IndexByte(strings.TrimPrefix(p.path, "/"), '/'); end >= 0 {
		return p.host + p.path[:end+2]
	}
	if p.query != "" {
		return p.host + p.path + "?"
	}
	return p.host + "/"
}

// laneOf is the queue in which addresses of an area wait.
func laneOf(name string) uint8 { return uint8(fingerprint(name) % lanes) }

// area returns the area of an address as far as it is known; enter tells to make
// one that is not.
func (t *traps) area(address string, enter bool) *area {
	name := areaOf(address)
	a := t.areas[name]
	switch {
	case a != nil && (a.home || t.whole.state != endOpen):
		return a
	case t.whole.state == endOpen:
		return t.whole
	case len(t.areas) >= maxAreas:
		return t.crowd
	case !enter:
		return nil
	}
	a = &area{where: folder(address)}
	t.areas[name] = a
	return a
}

// near tells whether two addresses lie in one area, or outside of those the home
// page leads to.
func (t *traps) near(a, b string) bool {
	x, y := areaOf(a), areaOf(b)
	return x == y || !t.fromHome(x) && !t.fromHome(y)
}

func (t *traps) fromHome(name string) bool {
	a := t.areas[name]
	return a != nil && a.home
}

// visit takes in a page of an area and tells whether it is time to ask for the
// area's end.
func (a *area) visit() bool {
	a.pages++
	return (a.state == endUnknown || a.state == endFinite) && a.asked < 4 && a.pages >= areaPages<<(3*a.asked)
}

// wander asks for two addresses like url that nobody can have meant. A site that
// has a page for either, and not the same one, makes them up.
// Of the whole site, they are alike from the first folder on.
func (c *crawl) wander(ctx context.Context, a *area, url string) {
	if a.asked++; a.where == "" {
		a.where = url
	}
	keep := len(areaOf(url)) - len(locate(url).host) // of its path
	if a == c.traps.whole {
		keep = 1
	}
	a.state = endAsked
	c.flying++
	go func() {
		o := outcome{area: a}
		var texts [2]uint64
		for i := range texts {
			p, r := c.checker.ReadPage(ctx, alike(url, keep))
			o.result.Tries, o.result.Bytes = o.result.Tries+r.Tries, o.result.Bytes+r.Bytes
			if r.Verdict != "ok" || p.Words == 0 || !sameTail(r.Final, p.URL) {
				texts = [2]uint64{}
				break
			}
			texts[i] = p.Plain
		}
		o.maze = texts[0] != texts[1]
		c.done <- o
	}()
}

// alike returns an address of the build of url, with other letters and digits:
// as long, with the same signs between, and the same ending.
// The first keep characters of the path stay.
func alike(url string, keep int) string {
	p := locate(url)
	rest := url[len(p.origin):]
	if p.query != "" {
		keep = max(keep, len(p.path)+1)
	}
	b := []byte(rest)
	ending := len(b)
	if dot := strings.LastIndexByte(p.path, '.'); dot > strings.LastIndexByte(p.path, '/') && p.query == "" {
		ending = dot
	}
	name := p.query != "" // within the name of a value
	for i := min(keep, len(b)); i < ending; i++ {
		switch c := b[i]; {
		case c == '&':
			name = true
		case c == '=':
			name = false
		case name:
		case c == '%' && i+9 <= len(b) && b[i+1] == 'E' && b[i+3] == '%' && b[i+6] == '%':
			copy(b[i:], escaped(commonest[rand.IntN(len(commonest))]))
			i += 8
		case c == '%':
			i += 2
		case c >= '0' && c <= '9':
			b[i] = byte('0' + rand.IntN(10))
		case c >= 'a' && c <= 'z':
			b[i] = byte('a' + rand.IntN(26))
		case c >= 'A' && c <= 'Z':
			b[i] = byte('A' + rand.IntN(26))
		}
	}
	return p.origin + string(b)
}

// commonest are characters for addresses that nobody can have meant.
var commonest = []rune("的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴且怀")

func escaped(r rune) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	for _, c := range []byte(string(r)) {
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return string(b)
}
