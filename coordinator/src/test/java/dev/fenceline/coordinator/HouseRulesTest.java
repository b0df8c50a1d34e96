package dev.fenceline.coordinator;

import dev.fenceline.rules.HouseRules;

class HouseRulesTest extends HouseRules {}
