package config

// Uptime says whether the availability of sites is watched. How often, and the
// 15 s limit, are the inspection's and no settings.
type Uptime struct {
	Enabled  bool     `toml:"enabled" env:"ENABLED"`
	Controls []string `toml:"controls" env:"CONTROLS"` // addresses that tell whether our own line is down
	// SecondOpinion says whether townships' nodes are asked to look at a site that
	// does not open, before it counts.
	SecondOpinion bool `toml:"second_opinion" env:"SECOND_OPINION"`
}

// Inspect says by what rules sites are judged.
type Inspect struct {
	Rules        string `toml:"rules" env:"RULES"`                 // id of the rule set
	RulesDir     string `toml:"rules_dir" env:"RULES_DIR"`         // folder with the county's own; empty for none
	WorkdaysDir  string `toml:"workdays_dir" env:"WORKDAYS_DIR"`   // folder with years the program does not know; empty for none
	Portal       string `toml:"portal" env:"PORTAL"`               // home page of the portal among the sites; empty for none
	PublicStatus bool   `toml:"public_status" env:"PUBLIC_STATUS"` // a page about all sites for everybody
	// When neglect is called sleep, in days without an update: of a column, of a
	// whole site, and of a site that may as well be closed. No text of the inspection
	// has these numbers.
	ColumnSleepDays int `toml:"column_sleep_days" env:"COLUMN_SLEEP_DAYS"`
	SiteSleepDays   int `toml:"site_sleep_days" env:"SITE_SLEEP_DAYS"`
	SiteZombieDays  int `toml:"site_zombie_days" env:"SITE_ZOMBIE_DAYS"`
}

// mostDays bounds settings in days: ten years.
const mostDays = 3650

// maxControls is how many addresses make sense: a few are asked.
const maxControls = 20

func (c *checker) inspection(u Uptime, i Inspect) {
	if len(u.Controls) > maxControls {
		c.add("uptime.controls", "最多写 20 个")
	}
	for _, address := range u.Controls {
		if address == "" {
			c.add("uptime.controls", "要写完整网址，例如 https://www.gov.cn")
		}
		c.webURL("uptime.controls", address)
	}
	c.text("inspect.rules", i.Rules, 1, 60)
	c.text("inspect.rules_dir", i.RulesDir, 0, 1000)
	c.text("inspect.workdays_dir", i.WorkdaysDir, 0, 1000)
	c.webURL("inspect.portal", i.Portal)
	c.between("inspect.column_sleep_days", int64(i.ColumnSleepDays), 1, mostDays)
	c.between("inspect.site_sleep_days", int64(i.SiteSleepDays), 1, mostDays)
	c.between("inspect.site_zombie_days", int64(i.SiteZombieDays), int64(i.SiteSleepDays), mostDays)
}
