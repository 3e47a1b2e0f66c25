import { expectTypeOf, it } from 'vitest';
import type {
  OrderView as Exported,
  HttpClient,
} from '../../../../packages/http-client/src/index.ts';
import type { Patient } from '../../../../src/contract/case.ts';
import type { CustomerCaseDetail } from '../../../../src/contract/customer-case-detail.ts';
import type {
  ActivityView,
  DocumentView,
  OrderPage,
  OrderView,
} from '../../../../src/contract/order.ts';
import type { PlaceOrderRequest } from '../../../../src/contract/place-order.ts';

type Result<Name extends keyof HttpClient> = Awaited<ReturnType<HttpClient[Name]>>;

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
  expectTypeOf<Result<'getActivity'>>().toEqualTypeOf<ActivityView[]>();
  expectTypeOf<Result<'listDocuments'>>().toEqualTypeOf<DocumentView[]>();
  expectTypeOf<Result<'customerCaseDetail'>>().toEqualTypeOf<CustomerCaseDetail>();
});
