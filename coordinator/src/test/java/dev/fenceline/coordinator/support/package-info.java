/**
 * Fakes with behaviour: a running coordinator, nodes that register, hosts that answer questions.
 */
package dev.fenceline.coordinator.support;
