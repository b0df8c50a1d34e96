package dev.fenceline.host;

import dev.fenceline.rules.HouseRules;

class HouseRulesTest extends HouseRules {}
