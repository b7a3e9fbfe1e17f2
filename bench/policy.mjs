// Runs the bench's requests through @cloud-copilot/iam-simulate as its README says, and prints decisions a CPU second.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const { seconds, cases } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6 }

for (const { name, simulations } of cases) {
  const results = []
  for (const simulation of simulations) {
    const found = await runSimulation(simulation, {})
    results.push(found.resultType === 'error' ? `error: ${found.errors.message}` : found.overallResult)
  }
  const begun = used()
  let count = 0
  while (used() - begun < seconds) {
    for (const simulation of simulations) await runSimulation(simulation, {})
    count += simulations.length
  }
  console.log(JSON.stringify({ name, rate: count / (used() - begun), results }))
}
