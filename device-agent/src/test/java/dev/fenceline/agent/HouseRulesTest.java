package dev.fenceline.agent;

import dev.fenceline.rules.HouseRules;

class HouseRulesTest extends HouseRules {}
