package config

import "fmt"

// Validate checks a configuration that was built or changed in code. What [Load] returns is valid. Values must be in their
// normal form: host names in lower case, memory in whole pages.
func (c Config) Validate() error {
	t := configTable()
	found := t.validate(&c)
	if c.Defaults.Mount != "" {
		found = append(found, problem{key: "defaults." + mountKey, text: mountOfOne})
	}
	if len(found) == 0 {
		found = append(instanceRange(&c, "defaults.", nil), listenerRules(&c, nil)...)
	}
	return join(found)
}

// Validate checks settings that were built or changed in code. What [LoadManifest] returns is valid if its defaults were.
func (a App) Validate() error {
	c := Config{Defaults: a}
	t := manifestTable()
	if a.Mount == "" {
		t = t[1:]
	}
	found := t.validate(&c)
	if len(found) == 0 {
		found = instanceRange(&c, "", nil)
	}
	return join(found)
}

// instanceRange checks the rule that joins two keys of a manifest. They may come from different layers, so that it can only be
// checked at the end and names both. Layers are lowest first; prefix leads the keys' names.
func instanceRange(c *Config, prefix string, layers []layer) []problem {
	least, most := c.Defaults.Instances.Min, c.Defaults.Instances.Max
	if least <= most {
		return nil
	}
	minKey, maxKey := prefix+"instances.min", prefix+"instances.max"
	p := problem{key: prefix + "instances"}
	minFrom, maxFrom := "", ""
	if layers != nil {
		minFrom, maxFrom = " (the default)", " (the default)"
	}
	for _, l := range layers {
		if from, ok := l.origin(minKey); ok {
			minFrom, p.source = " ("+from+")", l.source
		}
		if from, ok := l.origin(maxKey); ok {
			maxFrom, p.source = " ("+from+")", l.source
		}
	}
	p.text = fmt.Sprintf("min is %d%s and max is %d%s; min must not be more than max", least, minFrom, most, maxFrom)
	return []problem{p}
}
