package dev.fenceline.testbed;

import dev.fenceline.rules.HouseRules;

class HouseRulesTest extends HouseRules {}
