/** Tests of the coordinator as a whole. */
package dev.fenceline.coordinator;
