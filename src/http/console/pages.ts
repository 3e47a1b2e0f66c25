import type { ConsoleDependencies } from './dependencies.ts';
import type { Page } from './page.ts';
import { attentionPage } from './pages/attention.tsx';
import { auditExport, auditPages, auditVerification } from './pages/audit.tsx';
import { documentFile } from './pages/document.ts';
import { endpointPage } from './pages/endpoint.tsx';
import { endpointActions, replayAction } from './pages/endpoint-actions.tsx';
import { endpointsPage } from './pages/endpoints.tsx';
import { linkAction, messagesPage } from './pages/messages.tsx';
import { orderPage, shownOrderPage } from './pages/order.tsx';
import { ordersPage, ordersSearch } from './pages/orders.tsx';
import { overviewPage } from './pages/overview.tsx';
import { pharmaciesPage } from './pages/pharmacies.tsx';
import { pharmacyPage } from './pages/pharmacy.tsx';
import { pharmacyActions } from './pages/pharmacy-actions.tsx';
import { repairAction } from './pages/repair.tsx';

/** All pages and actions of the console. */
export function pages(dependencies: ConsoleDependencies): readonly Page[] {
  return [
    overviewPage(dependencies),
    attentionPage(dependencies),
    repairAction(dependencies),
    ordersPage(dependencies),
    ordersSearch(dependencies),
    orderPage(dependencies),
    shownOrderPage(dependencies),
    documentFile(dependencies),
    messagesPage(dependencies),
    linkAction(dependencies),
    pharmaciesPage(dependencies),
    pharmacyPage(dependencies),
    ...pharmacyActions(dependencies),
    endpointsPage(dependencies),
    endpointPage(dependencies),
    ...endpointActions(dependencies),
    replayAction(dependencies),
    ...auditPages(dependencies),
    auditExport(dependencies),
    auditVerification(dependencies),
  ];
}
