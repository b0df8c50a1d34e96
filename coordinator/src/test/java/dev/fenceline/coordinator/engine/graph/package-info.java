@org.jspecify.annotations.NullMarked
package dev.fenceline.coordinator.engine.graph;
