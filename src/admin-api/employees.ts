import { type Request, Router } from 'express';
import type { EmployeeInput } from '../operations/people/employee-input.ts';
import type { EmployeeView, PeopleFilter } from '../operations/people/people-ports.ts';
import type { Employee } from '../provisioning/person.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, choiceOf, contextOf, flagOf, idOf, queryOf } from './request-facts.ts';

/** Members are listed one by one: what a record holds besides is nobody's business outside. */
function representEmployee({ employee, jobTitle, formerIdentity, relations }: EmployeeView): object {
  return {
    id: employee.id,
    username: employee.login.username,
    email: employee.login.email,
    firstName: employee.firstName,
    lastName: employee.lastName,
    phone: employee.phone,
    jobTitle,
    jobTitleId: employee.jobTitleId,
    departmentId: employee.departmentId,
    locationId: employee.locationId,
    managerId: employee.managerId,
    employmentType: employee.employmentType,
    employeeRoleId: employee.employeeRoleId,
    securityRoleId: employee.securityRoleId,
    loginEnabled: employee.login.enabled,
    status: employee.status,
    isRoot: employee.isRoot,
    directoryUserId: employee.directoryUserId,
    formerIdentity,
    winningRuleId: employee.winningRuleId,
    archivedAt: employee.archivedAt,
    predecessorId: employee.predecessorId,
    successorId: employee.successorId,
    relations,
    createdAt: employee.createdAt,
    updatedAt: employee.updatedAt,
  };
}

/** The filters that the lists of people share. */
export const peopleFilterOf = <Status extends string>(request: Request): PeopleFilter<Status> => ({
  q: queryOf(request, 'q'),
  email: queryOf(request, 'email')?.trim() ?? null,
  status: choiceOf<Status>(request, 'status'),
  connectionId: queryOf(request, 'connectionId'),
  isOrphan: flagOf(request, 'orphaned'),
});

export function makeEmployeeRoutes({ operations }: AdminDependencies): Router {
  const { employees } = operations;
  const router = Router();
  router.get('/employees', async (request, response) => {
    const filter = peopleFilterOf<Employee['status']>(request);
    sendPage(response, await employees.list(contextOf(response), filter, pageOf(request)), representEmployee);
  });
  router.post('/employees', async (request, response) => {
    const view = await employees.create(contextOf(response), bodyOf<EmployeeInput>(request));
    response
      .status(201)
      .location(`${request.baseUrl}/employees/${view.employee.id}`)
      .json(representEmployee(view));
  });
  router.get('/employees/:id', async (request, response) => {
    response.json(representEmployee(await employees.get(contextOf(response), idOf(request))));
  });
  router.patch('/employees/:id', async (request, response) => {
    const input = bodyOf<EmployeeInput>(request);
    response.json(representEmployee(await employees.change(contextOf(response), idOf(request), input)));
  });
  router.delete('/employees/:id', async (request, response) => {
    await employees.delete(contextOf(response), idOf(request));
    response.status(204).end();
  });
  return router;
}
