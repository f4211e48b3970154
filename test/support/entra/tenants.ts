import type { EmulatorClock } from './emulator-clock.ts';
import { TenantDirectory, type TenantInput } from './tenant-directory.ts';

export class Tenants {
  readonly #clock: EmulatorClock;
  readonly #byId = new Map<string, TenantDirectory>();
  readonly #byDomain = new Map<string, TenantDirectory>();

  constructor(clock: EmulatorClock) {
    this.#clock = clock;
  }

  add(input: TenantInput): TenantDirectory {
    const tenant = new TenantDirectory(input, this.#clock);
    const taken = [tenant.id, ...tenant.domains].find((name) => this.find(name));
    if (taken !== undefined) throw new Error(`There is already a tenant ${taken}.`);
    this.#byId.set(tenant.id.toLowerCase(), tenant);
    for (const domain of tenant.domains) this.#byDomain.set(domain.toLowerCase(), tenant);
    return tenant;
  }

  find(idOrDomain: string): TenantDirectory | undefined {
    const name = idOrDomain.toLowerCase();
    return this.#byId.get(name) ?? this.#byDomain.get(name);
  }

  expect(idOrDomain: string): TenantDirectory {
    const tenant = this.find(idOrDomain);
    if (!tenant) throw new Error(`There is no tenant ${idOrDomain}.`);
    return tenant;
  }

  get all(): readonly TenantDirectory[] {
    return [...this.#byId.values()];
  }
}
