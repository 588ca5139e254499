package uptime

import (
	"net/url"
	"strings"
)

// Home is a site, the address of its home page, and what it is said to hang on.
type Home struct{ ID, URL, Parent string }

// Parents tells for each site that hangs on another one of the list on which:
// what is said of it, or else that those that share a host are on one line. Of
// these the parent is the site whose address this one continues, or else the
// first on that host. Nothing hangs on itself, however far up.
func Parents(homes []Home) map[string]string {
	parents := byHost(homes)
	known := map[string]bool{}
	for _, h := range homes {
		known[h.ID] = true
	}
	said := map[string]bool{}
	for _, h := range homes {
		if h.Parent != "" && h.Parent != h.ID && known[h.Parent] {
			parents[h.ID], said[h.ID] = h.Parent, true
		}
	}
	// A host in common gives way to what is said, and what is said is no ring.
	for _, h := range homes {
		if Ring(h.ID, parents) && !said[h.ID] {
			delete(parents, h.ID)
		}
	}
	for _, h := range homes {
		if Ring(h.ID, parents) {
			delete(parents, h.ID)
		}
	}
	return parents
}

// Ring reports whether something hangs on itself.
func Ring(id string, parents map[string]string) bool {
	seen := map[string]bool{}
	for at := parents[id]; at != "" && !seen[at]; at = parents[at] {
		if at == id {
			return true
		}
		seen[at] = true
	}
	return false
}

func byHost(homes []Home) map[string]string {
	hosts := map[string][]Home{}
	for _, h := range homes {
		if u, err := url.Parse(h.URL); err == nil && u.Host != "" {
			host := strings.ToLower(u.Host)
			hosts[host] = append(hosts[host], Home{ID: h.ID, URL: folder(u.Path)})
		}
	}
	parents := map[string]string{}
	for _, list := range hosts {
		root := list[0]
		for _, h := range list[1:] {
			if len(h.URL) < len(root.URL) {
				root = h
			}
		}
		for _, h := range list {
			if h.ID == root.ID {
				continue
			}
			parent := root
			for _, p := range list {
				if len(p.URL) < len(h.URL) && strings.HasPrefix(h.URL, p.URL) && len(p.URL) > len(parent.URL) {
					parent = p
				}
			}
			parents[h.ID] = parent.ID
		}
	}
	return parents
}

// folder returns the part of a path up to its last slash.
func folder(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// Root returns the topmost site above one that is down, reached over sites that
// are all down; "" when its own parent is not down or it has none.
func Root(site string, parents map[string]string, down func(site string) bool) string {
	root, seen := "", map[string]bool{site: true}
	for {
		parent, ok := parents[site]
		if !ok || seen[parent] || !down(parent) {
			return root
		}
		root, site = parent, parent
		seen[parent] = true
	}
}
