package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// schema is as much of JSON Schema as the description of the interface uses.
// What it does not name is not in an answer: a field nobody described is one
// nobody can rely on.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Additional *schema           `json:"additionalProperties"`
	Items      *schema           `json:"items"`
	Enum       []string          `json:"enum"`
	AnyOf      []schema          `json:"anyOf"`
}

// media is the body of a request or an answer.
type media struct {
	Content map[string]struct{ Schema schema }
}

// description is /api/openapi.json.
type description struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas    map[string]schema
		Parameters map[string]struct{ Name, In string }
	}
}

type operation struct {
	Parameters []struct {
		Ref string `json:"$ref"`
	}
	RequestBody *media
	Responses   map[string]struct {
		Ref string `json:"$ref"`
		media
	}
}

// faults lists how v differs from s; at names the place.
func (d *description) faults(s schema, v any, at string) []string {
	if s.Ref != "" {
		named, ok := d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if !ok {
			return []string{at + ": no schema " + s.Ref}
		}
		return d.faults(named, v, at)
	}
	if len(s.AnyOf) > 0 {
		var all []string
		for _, one := range s.AnyOf {
			found := d.faults(one, v, at)
			if len(found) == 0 {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	wrong := func() []string { return []string{fmt.Sprintf("%s: %v is no %s", at, v, s.Type)} }
	switch s.Type {
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return d.objectFaults(s, o, at)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		var all []string
		for i, x := range list {
			all = append(all, d.faults(*s.Items, x, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return all
	case "string":
		text, ok := v.(string)
		if !ok || s.Enum != nil && !slices.Contains(s.Enum, text) {
			return wrong()
		}
		if s.Format == "date-time" {
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				return wrong()
			}
		}
	case "integer":
		if n, ok := v.(json.Number); !ok || strings.ContainsAny(n.String(), ".eE") {
			return wrong()
		}
	case "number":
		if _, ok := v.(json.Number); !ok {
			return wrong()
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return wrong()
		}
	case "null":
		if v != nil {
			return wrong()
		}
	default:
		return []string{at + ": a schema of type " + s.Type}
	}
	return nil
}

func (d *description) objectFaults(s schema, o map[string]any, at string) []string {
	var all []string
	for _, name := range s.Required {
		if _, ok := o[name]; !ok {
			all = append(all, at+": lacks "+name)
		}
	}
	for name, v := range o {
		switch known, ok := s.Properties[name]; {
		case ok:
			all = append(all, d.faults(known, v, at+"."+name)...)
		case s.Additional != nil:
			all = append(all, d.faults(*s.Additional, v, at+"."+name)...)
		default:
			all = append(all, at+": has "+name+", which is not described")
		}
	}
	return all
}
