import { expectTypeOf, it } from 'vitest';
import type { Patient } from '../../../src/contract/case.ts';
import type { CustomerCaseDetailBody } from '../../../src/contract/customer-case-detail.ts';
import type {
  ActivityPage,
  DocumentPage,
  OrderPage,
  OrderView,
} from '../../../src/contract/order.ts';
import type { PlaceOrderRequest } from '../../../src/contract/place-order.ts';
import type { OrderView as Exported, HttpClient } from '../../../src/http-client.ts';

type Result<Name extends keyof HttpClient> = Awaited<ReturnType<HttpClient[Name]>>;
type Mutable<List> = List extends readonly (infer Item)[] ? Item[] : never;

// Judged by the compiler (`npm run typecheck`); the run itself shows nothing.
it("takes and gives the contract's types", () => {
  expectTypeOf<Parameters<HttpClient['placeOrder']>[1]>().toEqualTypeOf<
    PlaceOrderRequest['order']
  >();
  expectTypeOf<Parameters<HttpClient['validateOrder']>[1]>().toEqualTypeOf<
    PlaceOrderRequest['order']
  >();
  expectTypeOf<Parameters<HttpClient['putCase']>[1]>().toEqualTypeOf<Patient>();
  expectTypeOf<Exported>().toEqualTypeOf<OrderView>();
  expectTypeOf<Result<'getOrder'>>().toEqualTypeOf<OrderView>();
  expectTypeOf<Result<'cancelOrder'>>().toEqualTypeOf<OrderView>();
  expectTypeOf<Result<'findByIdempotencyKey'>>().toEqualTypeOf<OrderView | undefined>();
  expectTypeOf<Result<'listOrders'>>().toEqualTypeOf<OrderPage>();
  expectTypeOf<Result<'listOrdersOfCase'>>().toEqualTypeOf<OrderPage>();
  expectTypeOf<Result<'getActivity'>>().toEqualTypeOf<Mutable<ActivityPage['activity']>>();
  expectTypeOf<Result<'listDocuments'>>().toEqualTypeOf<Mutable<DocumentPage['documents']>>();
  expectTypeOf<Result<'customerCaseDetail'>>().toEqualTypeOf<
    CustomerCaseDetailBody['caseDetail']
  >();
});
