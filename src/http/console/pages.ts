import type { ConsoleDependencies } from './dependencies.ts';
import type { Page } from './page.ts';
import { attentionPage } from './pages/attention.tsx';
import { documentFile } from './pages/document.ts';
import { orderPage, shownOrderPage } from './pages/order.tsx';
import { ordersPage, ordersSearch } from './pages/orders.tsx';
import { overviewPage } from './pages/overview.tsx';
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
  ];
}
