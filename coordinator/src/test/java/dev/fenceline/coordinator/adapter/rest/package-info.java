/** Tests of the REST interface over the real coordinator and fake hosts. */
package dev.fenceline.coordinator.adapter.rest;
