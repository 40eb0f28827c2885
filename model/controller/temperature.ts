/** The temperature of the controller's softmax in a step, from 1: max(floor, start − decay · step). */
import type { ControllerPlan } from '../plan.js'

export const temperatureAt = ({ start, decay, floor }: ControllerPlan['temperature'], step: number): number => Math.max(floor, start - decay * step)
