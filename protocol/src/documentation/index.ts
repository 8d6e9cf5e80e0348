export { asyncApiDocument } from './asyncapi.ts';
export { openApiDocument } from './openapi.ts';
export { packedLayouts, protocolPage } from './protocol-page.ts';
