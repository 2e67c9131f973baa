/** Tries what ONNX Runtime offers, and tells its parent: drivers and libraries warn of each GPU that is not there. */
import { listOffers } from './offers.js';
import { answerParent } from './own-process.js';

await answerParent(listOffers);
