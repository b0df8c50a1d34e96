/** Tests of what runs the engine. */
package dev.fenceline.coordinator.runtime;
