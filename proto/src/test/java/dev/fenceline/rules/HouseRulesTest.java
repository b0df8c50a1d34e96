package dev.fenceline.rules;

class HouseRulesTest extends HouseRules {}
