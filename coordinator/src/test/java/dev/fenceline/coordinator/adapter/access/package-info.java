@org.jspecify.annotations.NullMarked
package dev.fenceline.coordinator.adapter.access;
